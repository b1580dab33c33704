"""Thin ROS nodes: parameters, topics, lifecycle and threads; no algorithm."""
