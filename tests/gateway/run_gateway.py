"""Runs a gateway of the model `m`: arguments are the home and the settings as JSON.

`others` are the homes of more models by their names.
"""

import json
import sys
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

from noria.clock import WallClock
from noria.core.policy import Rate
from noria.gateway import keeper
from noria.gateway.http.messages import Limits
from noria.gateway.settings import ModelSettings, Settings

OF_MODEL = [each.name for each in fields(ModelSettings)]

settings = json.loads(sys.argv[2])
limits = Limits(**settings.pop("limits", {}))
of_model = {name: settings.pop(name) for name in OF_MODEL if name in settings}
if "rate" in of_model:  # requests and seconds
    count, seconds = of_model["rate"]
    of_model["rate"] = Rate(count=count, period=timedelta(seconds=seconds))
homes = {"m": sys.argv[1]} | settings.pop("others", {})
models = tuple(ModelSettings(home=Path(home), name=name, **of_model) for name, home in homes.items())
settings |= {name: Path(settings[name]) for name in ("certificate", "key") if name in settings}
keeper.run(Settings(models=models, limits=limits, **settings), WallClock())
