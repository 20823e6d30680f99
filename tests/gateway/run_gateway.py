"""Runs a gateway of the model `m`: arguments are the home and the settings as JSON."""

import json
import sys
from pathlib import Path

from noria.clock import WallClock
from noria.gateway import app
from noria.gateway.http import Limits

settings = json.loads(sys.argv[2])
limits = Limits(**settings.pop("limits", {}))
app.run(app.Settings(home=Path(sys.argv[1]), model="m", limits=limits, **settings), WallClock())
