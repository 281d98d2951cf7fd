"""Deciding over a proposed parameter: what is approved holds from its day on, everywhere."""

from __future__ import annotations

from definitions import DefinitionsInvalid
from definitions.decided import as_document
from pipelines.flow.ground import definitions_with, engine, forget_definitions, moment
from warehouse import proposals
from warehouse.accounts import AccountRefused
from warehouse.editions import register_definitions
from warehouse.turns import DECIDE_LOCK, alone


def decide_parameter(
    proposal: int, decision: str, account_id: int, at: str, reason: str = ""
) -> None:
    """Approve, decline or withdraw a proposal; AccountRefused says in Chinese why not.

    An approval makes a new edition of the definitions: the whole is loaded and cross-checked with
    the new value before it is kept, and the edition is kept with it.
    """
    when = moment(at)
    with engine().begin() as connection:
        alone(connection, DECIDE_LOCK)
        proposals.decide(
            connection, proposal, decision, account_id=account_id, at=when, reason=reason
        )
        if decision == "approved":
            try:
                known = definitions_with(as_document(proposals.decisions(connection)))
            except DefinitionsInvalid as error:
                told = "；".join(m.message for m in error.mistakes[:3])
                raise AccountRefused(f"新值与其他定义对不上，不能批准：{told}") from error
            register_definitions(connection, known, when)
    forget_definitions()
