"""Every fault that can be written in a scenario: one frozen model per kind, told apart by `kind`."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from scenarios.faults.base import Ends, FaultBase
from scenarios.faults.broker import BrokerFault
from scenarios.faults.data import DataFault
from scenarios.faults.infrastructure import InfrastructureFault
from scenarios.faults.models import ModelFault
from scenarios.faults.monitoring import MonitoringFault
from scenarios.faults.orders import OrderFault
from scenarios.faults.risk import RiskFault
from scenarios.faults.state import StateFault

AnyFault = (
    RiskFault | OrderFault | BrokerFault | DataFault | StateFault | InfrastructureFault | MonitoringFault | ModelFault
)
Fault = Annotated[AnyFault, Field(discriminator="kind")]
"""For a field of another model: the union, chosen by `kind`."""

FAULTS: dict[str, type[FaultBase]] = {model.model_fields["kind"].default: model for model in get_args(AnyFault)}
"""Kind to model, in the order of the families above."""

__all__ = ["FAULTS", "AnyFault", "Ends", "Fault", "FaultBase"]
