"""Workbooks to be filled in: one per organisation and period, made from the definitions alone."""

from pipelines.templates.making import TemplateOrganisation, template_bytes

__all__ = ["TemplateOrganisation", "template_bytes"]
