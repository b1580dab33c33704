"""Skills: plans that worked, kept under a name."""
