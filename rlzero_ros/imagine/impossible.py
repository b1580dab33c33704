"""Sentences that ask for no motion of the repertoire: what a refusal is measured against.

A command that is closer to these than to any caption is not understood. They sample what people
say to a robot that cannot do it (chores, objects, talk, knowledge), and what is no command at
all, including figures of speech that borrow the repertoire's verbs.
"""

from __future__ import annotations

_TEXT = """
    do push-ups; do sit-ups; do pull-ups; do a plank; bench press the barbell; juggle three
    balls; spin around in circles; turn left; turn right at the corner; turn around and face me;
    roll over; slide down the hill; limp along with a stick; row; cycle uphill; drive a truck;
    skateboard; rollerblade; hang from the bar; swing on a swing; climb the stairs; climb out of
    the window; bow politely; shrug your shoulders; stretch your neck; look over your shoulder;
    cross your arms; fold your hands; snap your fingers; point up; make a fist bump; high five;
    hug me; tickle him; wrestle the bear; throw a javelin; swing the golf club; shoot a basket;
    bowl a strike; dribble; serve the tennis ball; hit a home run with the bat; wear a costume;
    get dressed; take a shower; brush the dog; walk the dogs on a leash; saddle the horse; feed
    the horses; train the spider robot; how many legs does a spider have; what do cats eat; my dog
    is sick; a photo of a horse; a city at night; a bowl of fruit; a beautiful sunset over the
    sea; a red sports car; two men talking at a table; a woman playing the violin; a man driving a
    car; a boy reading a book; a girl eating an ice cream; the baby is crying; the robot welds a
    car door; an empty room; follow me on social media; go to the website; go bankrupt; go to
    university; move to another city; move the meeting to Monday; take a decision; take your
    medicine; take notes; take the bus; take the elevator; make a phone call; make a plan; make
    money; make peace; get married; get a job; get lost; get well soon; keep a secret; keep the
    change; hold the line please; stop the music; stop complaining; stay tuned; stay in a hotel;
    wait for the results; drop the price; raise your voice; lift the ban; push the deadline; cross
    the border; hide the evidence; defend the castle; attack the enemy base; explore the cave and
    map it; inspect the pipeline; patrol the building; count the people in the room; identify this
    flower; detect the leak; navigate to the charging station; dock and recharge; weigh the
    parcel; sort the mail; mix the paint; stir the soup; grind the coffee beans; mash the
    potatoes; toast the bread; brew some tea; bring me a beer; prepare breakfast; bake a cake;
    boil the eggs; fry the fish; make a sandwich; set the table; clean the kitchen; mop the floor;
    sweep the stairs; take out the trash; make the bed; do the dishwashing; hang up the coats;
    dust the shelf; mow the lawn; rake the leaves; wash the car; polish the shoes; sew a button
    on; repair the roof; charge your phone; switch on the television; dim the lamp; start the
    engine; open the door; shut the drawer; press the red button; turn the knob; lock the gate;
    pick up the cup; grab the bottle; put the box on the shelf; place the block on the plate;
    carry the suitcase; throw a stone; toss me the keys; catch the ball; give me the wrench; move
    the chair to the corner; push the button; pull the lever; stack the books; fill the glass;
    spread the butter; slice an onion; draw a picture; paint a portrait; write a poem; write a
    letter; sign the contract; play the guitar; play a record; hum a melody; whistle a tune;
    recite a poem; tell me a story; say something funny; answer the phone; what day is it today;
    where are we; who are you; how does this work; is it going to rain; what is five times seven;
    how do I get to the airport; which team won the game; when does the shop close; why do birds
    migrate; do you like music; can you help me with my homework; what do you think about
    politics; explain gravity to me; translate this word into Spanish; look up the definition;
    search the internet; show me the latest news; check my email; send a text message; call a
    taxi; reserve a table; buy two tickets; pay the bill; transfer the money; schedule a meeting;
    add it to my calendar; remember my birthday; wake me up at six; set a timer for ten minutes;
    count to one hundred; install the software; open the file; delete the folder; print the
    document; compile the code; train a neural network; print hello world; take a screenshot;
    record a video; increase the volume; mute the microphone; connect to the network; drive me
    home; park the car; steer the boat; fly an airplane; ride a horse; ride a motorbike; ski down
    the slope; skate on the ice; swim; dive into the pool; surf a wave; climb the tree; climb up
    the rope; climb the mountain; go up the stairs in the tower; paddle a canoe; play tennis; play
    cards; play golf; play hide and seek; shoot an arrow; fire the gun; cast a spell; read a book;
    read my mind; sneeze; cough; laugh; cry; smile; wink; close your eyes; open your mouth; sing
    along; scream loudly; breathe deeply; swallow the pill; comb your hair; wash your hands; put
    on a jacket; wear a hat; scratch your head; touch your nose; wave at the crowd; give a thumbs
    up; clap; shake my hand; nod yes; point to the left; kiss the bride; look at me; listen to me;
    follow the rules; think about it; forget everything; fall in love; be happy; be careful;
    believe in yourself; turn into a bird; disappear; travel through time; fly through the sky;
    walk on water; the economy is growing; the weather is nice; the soup is too salty; it was a
    long winter; my computer is broken; the library is on the second floor; water boils at one
    hundred degrees; the president gave a speech; the film was boring; this sentence is false;
    mathematics is beautiful; the mitochondria are the powerhouse of the cell; the contract
    expires next year; prices have gone up; interest rates; a bouquet of roses; green; chair;
    seventeen; hello; hi there; good night; goodbye; thanks a lot; sorry; congratulations; merry
    christmas; yes; no; maybe; ok; error; test; abc; xyz xyz; qwertyuiop; zzzz; foo bar baz; hjkl
    uiop vbnm; run a business; run the test suite; run out of milk; the nose is running; walk me
    through the proof; stand for election; I cannot stand this noise; sit in judgement of the
    case; tell a lie; the answer lies in the data; jump the queue; a jump in prices; hop on a
    plane; kick off the project; kick the bucket; punch a ticket; a punch bowl; flip the switch;
    flip the pancake; flip the page; the car crawled through traffic; dance around the issue;
    raise money; raise the price; raise a question; back up my files; reverse the order of the
    list; duck soup; a square meal; box up the presents; jog my memory; a leap year; retreat from
    the agreement; balance the books; a balanced diet; the foot of the mountain; a hand of cards;
    dog food; buy a horse; adopt a cat; pray tell me the news; rest of the money; sleep mode of
    the computer
"""
IMPOSSIBLE: tuple[str, ...] = tuple(" ".join(line.split()) for line in _TEXT.split(";"))
