"""A small text-to-video diffusion model of drawn figures, in diffusers' own format."""
