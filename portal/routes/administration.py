"""Pages of administrators: accounts, parameters, calendar, editions, log."""

from fastapi import APIRouter

router = APIRouter()
