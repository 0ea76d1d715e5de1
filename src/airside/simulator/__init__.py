"""A coherent airport day, told as flight events.

What enters is a `SimulatorConfig`; what leaves are `Emission`s, for decades. `docs/simulator.md`
says what is modelled, and which published figures it meets.
"""

from airside.simulator.config import LATEST, SimulatorConfig, mess_preset
from airside.simulator.mess import MESS_PRESETS, MessRates
from airside.simulator.simulator import Simulator

__all__ = [
    "LATEST",
    "MESS_PRESETS",
    "MessRates",
    "Simulator",
    "SimulatorConfig",
    "mess_preset",
]
