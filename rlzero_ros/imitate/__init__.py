"""Imitate: behaviour foundation models and closed-form inference of their latents."""
