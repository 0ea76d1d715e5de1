"""A coherent airport day, told as flight events.

What enters is a `SimulatorConfig`; what leaves are `Emission`s without end. `docs/simulator.md`
says what is modelled, and which published figures it meets.
"""

from airside.simulator.config import SimulatorConfig, mess_preset
from airside.simulator.mess import MESS_PRESETS, MessRates
from airside.simulator.simulator import Simulator

__all__ = ["MESS_PRESETS", "MessRates", "Simulator", "SimulatorConfig", "mess_preset"]
