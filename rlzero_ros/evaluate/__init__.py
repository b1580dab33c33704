"""Measuring what the robot did, and showing it."""
