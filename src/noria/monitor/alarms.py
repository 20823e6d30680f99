"""The false alarms of a model, beside the rate that its project declares."""

from __future__ import annotations

from noria.core.alarms import Alarms
from noria.monitor.alerts import INFO
from noria.ports import State
from noria.project.model import Project


def alarms(project: Project, state: State) -> Alarms:
    """Return the alerts that told somebody and that nobody confirmed, in all days that were watched."""
    told = [alert for alert in state.alerts(project.name) if alert.severity != INFO]
    return Alarms(
        false=sum(not alert.confirmed for alert in told),
        days=len({row.day for row in state.signals(project.name)}),
        declared=project.alerts.false_alarms,
    )
