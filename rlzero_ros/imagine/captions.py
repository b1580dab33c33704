"""What the storyboard's motions are called: the sentences that a command is compared with.

Captions cover plain names, descriptions, idioms and other speakers' words; a person's and an
animal's motion differ by naming the animal or the four legs. Evaluation sentences
(``rlzero_ros/evaluate/data``) are never captions; a test checks it.
"""

from __future__ import annotations


def _sentences(text: str) -> tuple[str, ...]:
    return tuple(" ".join(line.split()) for line in text.strip().split(";") if line.strip())


CAPTIONS: dict[str, tuple[str, ...]] = {
    "stand": _sentences(
        """a person standing; stand; stand up; stand up straight; stand upright without moving;
        keep standing; hold still; do not move; freeze; stay where you are; stay on your feet;
        remain standing in place; stop and stand; stand tall; wait here standing; an upright
        motionless posture; rise to your feet; stand at attention; halt; just stand around; keep
        your balance and stay up; maintain a stable standing position; idle; be still like a
        statue; stop moving; straighten up; stand upright like a human; the robot stands
        motionless; a human standing quietly; do nothing; stay put; stay upright and balanced; do
        not fall over; keep a straight posture; stop; stop right where you are; pause; remain
        motionless; stay in place; don't go anywhere; just be still on two feet; get on your feet;
        keep your body vertical; stand at ease"""
    ),
    "walk": _sentences(
        """a person walking; walk; walk ahead; walk forwards; take a walk; take a few steps
        forward; stroll; go for a stroll; walk at a normal pace; walk straight on; walk down the
        road; march; go forward on foot; step forward; keep walking; wander about; move forward
        slowly; an ordinary human walk; hike; advance; proceed straight ahead; pace up and down;
        walking briskly; saunter along; a robot walking fast; walk towards me; tread forward; come
        here; go over there; make a few steps; go ahead slowly; walk across the room; go forward;
        move ahead; move along; travel forward at walking speed; go on foot; perambulate; a woman
        walking in the city; a man walking his usual way; take some steps; trudge; stride ahead; a
        pedestrian; set off on foot; go straight; a casual walk; ramble through the countryside;
        parade; walk quickly; a brisk walk; walk at a fast pace"""
    ),
    "walk_backward": _sentences(
        """a person walking backwards; walk backward; walk backwards; step back; back up; back
        off; move back; go back without turning; take a step back; reverse; retreat; withdraw;
        walk the wrong way round; pace backwards; steps to the rear; backpedal; moonwalk; move
        away backwards while facing forward; walking in reverse; retreating; go in the backward
        direction; go back a little; go in reverse; back up slowly; step to the back; walk away
        backwards; move backward; steps backward; a person stepping back; move rearwards; go
        backward; walk with your back first; give ground; back out of the room"""
    ),
    "run": _sentences(
        """a person running; run forward; run fast; run as fast as possible; running quickly;
        sprint; jog; go for a run; a jogger; dash; race; rush forward; hurry up; speed along; run
        a hundred metres; a sprinter at full speed; charge ahead; run away; go fast; a robot
        running fast; take off running; move very fast on foot; keep running; run a race; make a
        dash for it; gallop along on two feet; flee; hurry ahead quickly; run like the wind; run
        quickly forward; hurry; rush; a man running for the bus; sprinting; go at full speed; run
        at top speed; running fast; chase after it; escape quickly; race ahead; make haste; a
        marathon runner; run a lap; go faster; pick up the pace and run; a human sprinter; hustle;
        double time; speed up"""
    ),
    "jump": _sentences(
        """a person jumping; jump; jump up; jump high; leap; leap up; jump up and down; jump into
        the air; a vertical jump; spring into the air; jump straight up with both feet; a high
        jump; jump off the ground; take off and land again; keep jumping; bounce; jump as if over
        a rope; jump with joy; bound upwards; jumping on the spot; a squat jump; a big leap; jump
        with both feet together; a child jumping on a trampoline; hop up with both feet together;
        jumping; leap off the floor; leap upward; do a jump; a person leaps; do jumping jacks;
        jump over something; propel yourself upward; a volleyball player jumping to spike; bob up
        and down; leap high into the sky"""
    ),
    "hop": _sentences(
        """a person hopping on one leg; hop; hop forward; hop on one foot; hop around; hopping;
        jump on one leg; little jumps on one leg; hop along on a single foot; play hopscotch;
        bounce on one leg; keep hopping; skip along on one leg; hop like a bunny; small hops; a
        one-legged hop; hop on the spot; a single leg hop; hop on the right leg; hopping along on
        one foot with the other held up; jump with one foot; a person who hops; bounce on one
        foot; hop on your left leg; hop on just one leg again and again; hopping around like a
        one-legged pirate"""
    ),
    "lie": _sentences(
        """a person lying on the ground; lie; lie on the floor; lie on your back; lie on your
        stomach; lay down; lie down flat; lying flat; stretch out on the floor; go to sleep;
        sleep; rest lying down; a body lying horizontally; lie motionless; take a nap; fall down
        and stay on the ground; lie down and rest; recline on the floor; faint; lie still on the
        ground; a sleeping person; be horizontal; get down flat on the floor; lie prone; lie
        supine; pretend to be dead; hit the deck; collapse onto the floor; have a rest on the
        ground; a human lying flat; lie face down; lie face up; down on the floor flat; stretch
        out on the ground; get horizontal; lie stretched out; slump to the floor; rest on your
        back; rest on your stomach; lying still; go to sleep on the floor; snooze; flop down; drop
        dead; a corpse pose; take a rest lying down; be prostrate; a person asleep; a sunbather
        lying on the beach; roll onto your back"""
    ),
    "sit": _sentences(
        """a person sitting; sit; sit on the floor; sit on the ground; take a seat on the floor;
        have a seat; be seated; stay seated; sit upright; sit and rest; sit with legs
        outstretched; a seated posture; sit on your bottom; sit back and relax; sitting; get off
        your feet and sit; sit down on your backside; sit around; a seated person; sit up from
        lying; take your seat; please take a seat; sit down and relax; rest sitting; sit
        cross-legged; sit with your legs out; a man sitting; a child sitting on the carpet; drop
        onto your bottom; rest on your buttocks; plant your bottom on the floor; take a load off
        and sit; squat down to sit on the floor; perch on the floor"""
    ),
    "kneel": _sentences(
        """a person kneeling; kneel; kneel down; kneel on the floor; pray on your knees; pray; be
        on your knees; fall to your knees; go down on your knees; a kneeling posture; kneel
        upright; sit on your heels; propose marriage on your knees; kneeling in prayer; rest on
        both knees; bow down kneeling; say a prayer; a person praying; genuflect; worship; fall on
        your knees; kneel with both knees on the ground; a man kneeling in church; kneeling; take
        a knee; on bended knees; a praying person; begging on the knees; kneel before the altar;
        stay kneeling; a monk praying; worship on your knees"""
    ),
    "crouch": _sentences(
        """a person crouching; crouch; crouch down; squat; a deep squat; squat low; hold a squat;
        bend the knees deeply; get low; stay low; lower your body with bent knees; duck; hunch
        down; cower; make yourself small; do squats; crouching low on your feet; hunker down low;
        stoop low; sit on your haunches; squatting; squat all the way down; a person squatting;
        sit in a squat; bend your knees; bend down low; bend your knees and stay low; drop into a
        crouch; crouching; keep your body low with your feet flat; get into a squat; make yourself
        as small as you can; a catcher's stance; a squatting exercise"""
    ),
    "kick": _sentences(
        """a person kicking; kick; kick high; a high kick; kick with your leg; kick the ball; kick
        forward; front kick; karate kick; roundhouse kick; throw a kick; kick something hard;
        swing a leg up high; stand and kick; raise your leg and kick; kick a goal; kung fu kick;
        boot something away; a footballer shooting; kick the air; strike with the leg; hit it with
        your foot; kicking; kick out; do a kick; a woman kicking; shoot the ball; a soccer player
        kicks; kick up high; lift your leg and strike; a taekwondo kick; kick with the right leg;
        deliver a powerful kick; punt; volley the ball; a muay thai kick; give a kick; kick
        straight ahead"""
    ),
    "lunge": _sentences(
        """a person doing a lunge; lunge; lunge forward; a deep lunge; lunges; a lunge position; a
        big step forward with the knee bent; lunge with the back leg stretched; split squat; bend
        the front knee and stretch the other leg behind; fencing lunge; warrior pose; step far
        forward and sink down; a runner's stretch; hold a lunge; forward lunge; one leg in front
        and one leg behind with the knees bent; a long low step; lunging; do lunges; a woman doing
        lunges at the gym; step out into a lunge; a lunge with the right leg in front; drop into a
        split stance; put one leg far forward and bend it; a low lunge; lunging forward with a
        sword; a crescent lunge in yoga; hip flexor stretch; stretch one leg back and bend the
        other in front; walking lunge"""
    ),
    "headstand": _sentences(
        """a person doing a headstand; do a headstand; handstand; a handstand; stand on the head;
        stand upside down; be upside down; balance upside down; legs in the air and head on the
        ground; stand on your hands; upside down on the head; yoga headstand; inverted pose; an
        inverted position; feet above the head; hold your legs straight up in the air with the
        head on the floor; turn upside down; invert yourself; a person upside down; legs straight
        up and head down; balance on your hands; balance with your legs up and head on the floor;
        a head stand; standing on the head; do a hand stand; feet to the sky, head to the ground;
        put your feet in the air; put your head on the floor and your legs up; upside down; an
        upside-down balance; flip yourself upside down and stay"""
    ),
    "flip": _sentences(
        """a person doing a flip; flip; do a flip; backflip; do a backflip; front flip; flips;
        somersault; somersault in the air; salto; turn over in the air; flip over backwards; a
        backward somersault; keep doing backflips; an acrobat flipping; rotate in the air; a full
        turn in the air; jump and flip over; tumble head over heels; forward roll; spin in the
        air; an acrobatic jump; a gymnast flipping over; flipping; a person turning over in the
        air; make a backflip; a backwards somersault; somersaults; tumbling; jump and turn a full
        circle in the air; backflips in a row; front flips; do an aerial flip; whirl head over
        heels; rotate your body through the air; vault and flip; a forward flip; a back
        somersault; leap backward and turn over"""
    ),
    "cartwheel": _sentences(
        """a person doing a cartwheel; cartwheel; cartwheels; turn a cartwheel; do cartwheels;
        wheel over on the hands; go over sideways hands first then feet; a gymnast turning
        cartwheels; turn like a wheel; roll like a wheel over hands and feet; a sideways wheel; a
        sideways handstand turn; spin sideways on the hands; round-off; wheel sideways with legs
        apart; cartwheeling; a child turning cartwheels; do one cartwheel; flip sideways on your
        hands; rotate sideways with hands on the ground; a circus performer cartwheeling; go hand
        hand foot foot sideways; throw yourself sideways onto your hands and over; a sideways turn
        over the arms"""
    ),
    "crawl": _sentences(
        """a person crawling; crawl; crawl on hands and knees; crawl along the floor; crawl like a
        baby; a baby crawling; move on all fours like a baby; go on all fours; creep forward;
        creep along low on the ground; a soldier crawling; crawl under something; a human on hands
        and knees; keep crawling; a toddler crawling; move along on your knees; crawling forward
        slowly; crawl ahead through a tunnel; crawling; go forward on hands and knees; crawl
        around; army crawl; creep; crawl on your knees; move low on hands and knees; crawl along
        the ground; a man crawling; move like an infant on hands and knees; crawl over the carpet;
        advance on your elbows; slither along the floor; scramble along on hands and knees"""
    ),
    "dance": _sentences(
        """a person dancing; dance to the music; dancing; do a dance; a happy dance; groove;
        boogie down; move to the beat; shake it; show some dance moves; disco; a dancer; dance at
        a party; dance around; hip hop dance; bust some moves; wiggle about; ballet; salsa; move
        to the rhythm; jive; rock out; sway to the music; do some dancing; start dancing; a woman
        dancing; let's dance; dance wildly; dance freely; dance like crazy; party; a dance
        routine; breakdance; swing your hips; tango; waltz; do the robot dance; dance in the club;
        cut a rug; get into the groove; celebrate with a dance; dance to a song; tap dance"""
    ),
    "punch": _sentences(
        """a person punching; throw a punch; punches; boxing; box; a boxer boxing; punch with your
        fists; punch the air; jab; jab and cross; a left and a right hook; uppercuts; fight with
        your fists; shadowbox; hit with the fist; fist fight; hit something hard; a fighter
        throwing punches; strike a blow; knock him out; spar; fight; punch forward repeatedly;
        deliver a jab; punching; beat with your fists; hit with a right hook; throw a left hook; a
        boxing match; box with an opponent; punch a bag; a man boxing; land a punch; straight
        punch; swing your fists; a knockout blow; smash it with your fist; fight like a boxer;
        combination of punches; hit someone; fists flying; boxing training"""
    ),
    "hands_up": _sentences(
        """a person with the hands up; hands up; raise your hands; put your hands up; stand with
        raised arms; arms up; lift your arms; hands above the head; arms stretched overhead; reach
        up high; reach for the ceiling; surrender with hands raised; give up with your hands in
        the air; hold your arms up; standing with both arms raised; stretch upwards with the arms;
        stick 'em up; raise both hands high; throw your arms up; touch the sky; raise both arms;
        raise both hands; arms high above the head; put up your arms; with your hands in the air;
        hands in the air; extend your arms upward; a man raising both hands; lift your hands up;
        lift up both arms; arms straight up; cheer with raised arms; arms raised in victory;
        stretch both arms over the head; point both hands at the ceiling; put your arms above your
        head; hold up your hands"""
    ),
    "one_foot": _sentences(
        """a person standing on one foot; balance on one foot; standing on one leg; one-legged
        stand; a flamingo pose; balance on a single leg; tree pose; lift one leg and balance;
        raise one knee and hold it; keep one foot off the ground; stand like a stork; lift a foot
        off the floor; stand on your left leg; stand on the right foot only; hold one leg up while
        standing; balancing on one leg; lift your knee and stay balanced; balance on one leg only;
        keep one leg lifted; one foot on the ground and the other in the air; stand with one foot
        raised; a woman balancing on one leg; lift your right foot; stand with one knee up; one
        leg up; lift a leg; pick one foot up off the ground; a crane stance; balance on the left
        leg; a one-legged balance; stay on one foot"""
    ),
    "four_legged_stand": _sentences(
        """a dog standing; a four-legged animal standing; a quadruped standing; stand on four
        legs; stand on all fours; an animal standing still; a horse standing; a cat standing; a
        spider standing still; a four-legged robot standing; a cow standing still; stand like a
        dog; four legs on the ground, not moving; a dog that stays and waits; stay still on all
        four feet; an animal that does not move; a horse standing still; an animal standing on its
        four legs; the dog stands still; a standing dog; a standing horse; a four-legged creature
        standing upright on its legs; a quadruped robot standing in place; a sheep standing in a
        meadow; the cat stands and waits; stand as a quadruped; stay on all fours without moving;
        be an animal standing; the spider stands; all four feet planted; a wolf standing; a dog
        stays"""
    ),
    "four_legged_walk": _sentences(
        """a dog walking along; a four-legged animal walking; a quadruped walking; walk on all
        fours; walk like a dog; a horse walking; a cat walking; a spider walking; an elephant
        walking; a four-legged robot walking; walk on four legs like an animal; an animal walking
        slowly; a lion walking; a puppy walking; trot like a horse; a pony trotting; a tiger
        prowling; a cow plodding along; an animal strolling; the dog walks; the cat is walking; a
        walking horse; a creature walking on four legs; go for a walk as a dog; a spider creeping
        along; spider walking; a camel crossing the desert; a sheep walking; a wolf walking
        slowly; a quadruped robot walking forward; walking on four legs; a donkey trudging; walk
        like an animal; a dog going for a walk; a bear walking on all fours; crawl like a spider;
        a quadruped moves forward"""
    ),
    "four_legged_run": _sentences(
        """a dog running fast; a four-legged animal running; a quadruped running; gallop; run like
        a dog; a horse galloping; a cat running; a spider running; a cheetah running; a
        four-legged robot running; run on four legs; an animal running at full speed; a wolf
        running; a greyhound racing; run like an animal; run like a horse; run on all four legs; a
        puppy running; a racehorse; a lion chasing its prey; the dog runs; a galloping horse; a
        running dog; a rabbit running; the cat sprints; a spider runs fast; a quadruped sprinting;
        a dog chasing a ball; a leopard at full speed; a quadruped robot running; running on four
        legs; sprint on all fours; an antelope fleeing; a four-legged animal galloping; a fox
        running through the forest; spider running; gallop across the field"""
    ),
    "four_legged_jump": _sentences(
        """a dog jumping up; a four-legged animal jumping; a quadruped jumping; jump like a dog; a
        horse jumping; a cat jumping; a spider jumping; a four-legged robot jumping; an animal
        leaping; a cat pouncing; a puppy leaping; jump like a cat; a deer leaping; an animal
        jumping up on four legs; a frog jumping; a horse leaping over an obstacle; a lion pounces
        on its prey; a kangaroo like animal leaping; the dog jumps; a jumping dog; the cat leaps;
        a jumping horse; spider jump; a spider leaps; a four-legged robot hopping; a goat jumping;
        a quadruped leaps into the air; an animal jumps over a fence; a dog leaping over a log;
        jump on four legs; leap like a tiger; a dog catching a ball in the air; jump with four
        legs; a rabbit hops; an animal springing into the air"""
    ),
    "four_legged_lie": _sentences(
        """a dog lying on the floor; a four-legged animal lying down; a quadruped lying down; lie
        down like a dog; a horse lying down; a cat lying down; a spider lying down; a four-legged
        robot lying down; an animal resting on its belly; a sleeping cat; a dog sleeping; a lion
        lying down; an animal lying on the ground; a cow lying in the grass; a puppy sleeping; a
        cat curled up asleep; the dog goes to sleep; the dog lies down; a lying dog; the cat lies
        on its belly; an animal lying down to sleep; a horse lying in the field; a quadruped lying
        flat; a resting animal; a spider lying on the ground; a wolf asleep; lie like an animal; a
        quadruped robot lying on its belly; a dog at rest on the floor; a sheep lying in the
        grass; lie down, good dog; a sleeping animal; a dog taking a nap"""
    ),
    "two_legs": _sentences(
        """a dog on its hind legs; a four-legged animal standing on two legs; stand on the hind
        legs; a quadruped on two legs; a horse rearing up; rear up; stand on two legs; balance on
        two legs like a circus dog; an animal standing up like a human; a bear on its hind legs; a
        dog standing up begging; a cat on its back legs; up on the hind legs with the front paws
        in the air; balance on the back legs; on two legs instead of four; stand up on two legs
        like a person; lift the front legs and stand; a dog walking on two legs; a cat standing
        upright on two legs; the horse rears up on its hind legs; a rearing horse; a quadruped
        stands up on its back legs; a meerkat standing up; stand on the back legs with the front
        legs raised; a four-legged robot standing on two legs; an animal upright on its hind legs;
        a squirrel sitting up on its hind legs; raise the front legs; front legs in the air; a
        quadruped rearing; a dog standing upright like a person; a spider standing on two legs"""
    ),
}
