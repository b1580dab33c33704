"""Rehearse: try plans on the robot's own model before the robot does."""
