"""Workbooks to be filled in: one per organisation and period, made from the definitions alone."""

from pipelines.templates.filled import filled_workbook
from pipelines.templates.making import TemplateOrganisation, template_bytes

__all__ = ["TemplateOrganisation", "filled_workbook", "template_bytes"]
