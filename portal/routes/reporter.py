"""Pages of reporters and signers: what is due, hand-ins, versions, signatures."""

from fastapi import APIRouter

router = APIRouter()
