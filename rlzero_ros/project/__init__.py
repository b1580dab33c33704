"""Project: every imagined frame is replaced by the nearest real observation of the robot."""
