-- one row per contract of the period whose workers would be counted twice: an enterprise's that
-- names no industry contract in force, or an industry's with fewer workers than those under it
WITH in_force AS (
    SELECT DISTINCT ON (at_org, contract_id) *
    FROM filed_con_01
    ORDER BY at_org ASC, contract_id ASC, at_end DESC, at_filing DESC, at_row DESC
),

valid AS (
    SELECT * FROM in_force
    WHERE signed_on <= :ends AND (valid_to IS NULL OR valid_to >= :starts)
),

under AS (
    SELECT
        p.at_filing,
        p.at_row,
        p.at_period,
        p.workers,
        sum(c.workers) AS sum_below,
        count(*) AS contracts
    FROM valid AS p
    INNER JOIN valid AS c
        ON p.contract_id = c.parent_contract AND c.scope = '企业'
    WHERE p.scope <> '企业'
    GROUP BY p.at_filing, p.at_row, p.at_period, p.workers
)

SELECT
    c.at_filing,
    c.at_row,
    '所填的行业合同 ' || c.parent_contract || ' 不在有效的行业、区域合同之内' AS fault,
    ARRAY['parent_contract'] AS marks
FROM valid AS c
WHERE
    c.at_period = :label
    AND c.scope = '企业'
    AND c.parent_contract IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM valid AS p
        WHERE p.contract_id = c.parent_contract AND p.scope <> '企业'
    )
UNION ALL
SELECT
    u.at_filing,
    u.at_row,
    '本合同覆盖职工 ' || trunc(u.workers) || ' 人，其下 ' || u.contracts || ' 份企业合同合计 '
    || trunc(u.sum_below) || ' 人' AS fault,
    ARRAY['workers'] AS marks
FROM under AS u
WHERE u.at_period = :label AND u.sum_below > u.workers
ORDER BY 1, 2
