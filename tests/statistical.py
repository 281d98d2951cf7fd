"""A form that declares the statistical year, 1 October to 30 September, as P8 does."""

CODE = "ORG-97"
SURVEY = """
code: ORG-97
title: 工会基层组织统计调查表
work: W01
period: statistical
grain: 每个基层工会一行
edition: "2017"
valid_from: 2016-10-01
issuer: 示范总工会
document: 示总工办〔2017〕61号
document_valid_to: 2021-12-31
reporters: {levels: [基层]}
due: {months_after: 1, day: 22, check_day: 26, lock_day: 30, basis: 示总工办〔2017〕61号}
guidance: 统计年度为上年10月1日至本年9月30日。
columns:
- {code: org_code, label: 工会组织编码, aliases: [组织编码], type: code, kind: key, required: true}
- {code: survey_members, label: 调查会员人数, type: int, unit: 人, kind: stock, required: true}
- {code: survey_joined, label: 统计年度内入会人数, type: int, unit: 人, kind: flow,
   required: true}
rules:
- code: V-R-997
  layer: cross-period
  severity: 提示
  check: survey_members >= last_year.survey_members
  columns: [survey_members]
  title: 会员比上一统计年度减少
  message: 会员 {survey_members} 人，上一统计年度 {last_year.survey_members} 人
  advice: 请核对
  basis: 示总工办〔2017〕61号
  passes: [{row: {survey_members: 10, last_year.survey_members: 9}}]
  fails: [{row: {survey_members: 8, last_year.survey_members: 9}}]
"""
