"""Robots: what they are made of, how they are simulated, what they observe."""
