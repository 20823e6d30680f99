"""Runs a gateway of the model `m`: arguments are the home and the settings as JSON."""

import json
import sys
from dataclasses import fields
from pathlib import Path

from noria.clock import WallClock
from noria.gateway import keeper
from noria.gateway.http import Limits
from noria.gateway.settings import ModelSettings, Settings

OF_MODEL = [each.name for each in fields(ModelSettings)]

settings = json.loads(sys.argv[2])
limits = Limits(**settings.pop("limits", {}))
of_model = {name: settings.pop(name) for name in OF_MODEL if name in settings}
model = ModelSettings(home=Path(sys.argv[1]), name="m", **of_model)
settings |= {name: Path(settings[name]) for name in ("certificate", "key") if name in settings}
keeper.run(Settings(models=(model,), limits=limits, **settings), WallClock())
