"""Save and load a trained model. Loading runs no code from the file."""

import os
from dataclasses import asdict, is_dataclass
from pathlib import Path

import torch

from hvae_lessons.checks import expect


def save_checkpoint(model, path):
    """Write a model's class name, config and weights to `path`.

    The file appears only when it is complete: a full disk or a crash leaves what was there before.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | nn.Module | with a dataclass `config` |
    | `path` | path | file to write |

    Raises: ValueError for a model without a config; OSError when the file cannot be written.
    Source: PyTorch's state-dict format.
    """
    config = getattr(model, "config", None)
    expect(is_dataclass(config), "model", "a model with a dataclass config", type(model).__name__)
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    content = {"model": type(model).__name__, "config": asdict(config), "state": model.state_dict()}
    try:
        torch.save(content, partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def load_checkpoint(path, model_class, config_class):
    """Rebuild the model that `save_checkpoint` wrote.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `path` | path | file to read |
    | `model_class`, `config_class` | types | what the file should hold, e.g. VAE, VAEConfig |
    | returns | nn.Module | the model in evaluation mode |

    Raises: FileNotFoundError; ValueError for a file that is damaged, no checkpoint, or one of another model.
    Source: PyTorch's state-dict format, read with `weights_only=True`: tensors and plain values, no code.
    """
    path = Path(path)
    try:
        content = torch.load(path, weights_only=True)
    except FileNotFoundError:
        raise
    except Exception as error:  # torch raises many types for a damaged file; each becomes one sentence
        raise ValueError(
            f"path: expected a checkpoint, got {path}, which cannot be read ({error})"
        ) from error
    is_ours = isinstance(content, dict) and {"model", "config", "state"} <= content.keys()
    expect(is_ours, "path", "a checkpoint of this package", path)
    expect(
        content["model"] == model_class.__name__, "path", f"a {model_class.__name__}", f"a {content['model']}"
    )
    try:
        model = model_class(config_class(**content["config"]))
        model.load_state_dict(content["state"])
    except (TypeError, RuntimeError) as error:
        raise ValueError(f"path: expected weights that fit their config, got {path} ({error})") from error
    return model.eval()
