"""From a simulator to a bundle: collecting reward-free data, training, rendering, indexing."""
