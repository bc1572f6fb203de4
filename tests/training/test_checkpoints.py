"""Checkpoints: what is loaded is what was saved, and nothing broken or foreign is ever loaded."""

import os
import pickle

import pytest
import torch

from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.training.checkpoints import load_checkpoint, save_checkpoint

CONFIG = VAEConfig(data_dim=6, latent_dim=2, hidden=(5,), likelihood="gaussian")


def model():
    return VAE(CONFIG, torch.Generator().manual_seed(0))


def test_round_trip(tmp_path):
    saved = model()
    save_checkpoint(saved, tmp_path / "vae.pt")
    loaded = load_checkpoint(tmp_path / "vae.pt", VAE, VAEConfig)
    assert loaded.config == CONFIG
    assert not loaded.training
    for name, tensor in saved.state_dict().items():
        assert torch.equal(tensor, loaded.state_dict()[name]), name
    assert os.listdir(tmp_path) == ["vae.pt"]


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_checkpoint(tmp_path / "none.pt", VAE, VAEConfig)


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "vae.pt"
    save_checkpoint(model(), path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="path: expected a checkpoint"):
        load_checkpoint(path, VAE, VAEConfig)


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    path = tmp_path / "other.pt"
    save_checkpoint(model(), path)
    content = torch.load(path, weights_only=True)
    torch.save({**content, "model": "HVAE"}, path)
    with pytest.raises(ValueError, match="expected a VAE, got a HVAE"):
        load_checkpoint(path, VAE, VAEConfig)

    torch.save({**content, "config": {**content["config"], "latent_dim": 3}}, path)
    with pytest.raises(ValueError, match="weights that fit"):
        load_checkpoint(path, VAE, VAEConfig)

    torch.save({**content, "config": {**content["config"], "dropout": 0.1}}, path)
    with pytest.raises(ValueError, match="weights that fit"):
        load_checkpoint(path, VAE, VAEConfig)

    torch.save([1, 2, 3], path)
    with pytest.raises(ValueError, match="a checkpoint of this package"):
        load_checkpoint(path, VAE, VAEConfig)


class Malicious:
    """Unpickling this would create a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_loading_runs_no_code(tmp_path):
    trap = tmp_path / "trap"
    torch.save({"model": "VAE", "config": {}, "state": Malicious(str(trap))}, tmp_path / "evil.pt")
    with pytest.raises(ValueError, match="cannot be read"):
        load_checkpoint(tmp_path / "evil.pt", VAE, VAEConfig)
    assert not trap.exists()
    # The trap itself works: plain unpickling springs it.
    pickle.loads(pickle.dumps(Malicious(str(trap)))).close()
    assert trap.exists()


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "vae.pt"
    save_checkpoint(model(), path)
    before = path.read_bytes()

    def full_disk(content, target):
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(model(), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["vae.pt"]
