-- The facts that no statement is made of, by reason: every fact is either used in balances.sql or counted here.
WITH companies AS (
    SELECT
        cik,
        TRIM(REGEXP_REPLACE(REGEXP_REPLACE(LOWER(ARG_MAX(company, filed)),
            '[ ,]+(inc|corp|corporation|co|company|ltd|plc|llc|lp|nv|sa|ag|se)[.]?( */[a-z]+/?)?$', ''),
            '[^a-z0-9]+', '-', 'g'), '-') AS short,
        MODE(unit) FILTER (REGEXP_FULL_MATCH(unit, '[A-Z]{3}')) AS currency
    FROM facts
    WHERE part IS NULL
    GROUP BY cik
),
units AS (
    SELECT *, short || CASE WHEN COUNT(*) OVER (PARTITION BY short) > 1 THEN '-' || cik ELSE '' END AS company
    FROM companies
),
judged AS (
    SELECT
        u.company, m.account, COALESCE(NULLIF(m.into, ''), m.account) AS goes_to, m.priority,
        f.tag, f.filed, f.accession, f."end", f.month, f.months,
        DATE_DIFF('day', TRY_CAST(f.start AS DATE), TRY_CAST(f."end" AS DATE)) + 1 AS days,
        TRY_CAST(f.value AS DECIMAL(19, 4)) AS amount,
        CASE
            WHEN m.tag IS NULL THEN 'no item of accounts.csv'
            WHEN f.part IS NOT NULL THEN 'a part of the company, not the whole'
            WHEN f.unit IS DISTINCT FROM u.currency THEN 'not in the currency the company reports in'
            WHEN TRY_CAST(f.value AS DECIMAL(19, 4)) IS NULL THEN 'its value is no number'
            WHEN f.months IS NULL OR f.months NOT IN ('0', '3', '6', '9', '12')
                THEN 'its period is no quarter, half, nine months or year, or ends beside a month''s end'
        END AS unfit
    FROM facts f
    LEFT JOIN units u ON u.cik = f.cik
    LEFT JOIN account_map m ON m.tag = f.tag
),
ranked AS (
    SELECT
        *,
        ROW_NUMBER() OVER figure AS place,
        FIRST_VALUE(tag) OVER figure AS best_tag,
        FIRST_VALUE(amount) OVER figure AS best_amount
    FROM judged
    WHERE unfit IS NULL
    WINDOW figure AS (
        PARTITION BY company, account, month, months
        ORDER BY CAST(priority AS INTEGER), filed DESC, accession DESC, "end" DESC, days, amount
    )
),
left_out AS (
    SELECT unfit AS reason FROM judged WHERE unfit IS NOT NULL
    UNION ALL
    SELECT
        CASE
            WHEN place > 1 AND tag <> best_tag THEN 'another tag of the same item comes first'
            WHEN place > 1 AND amount = best_amount THEN 'filed again later with the same figure'
            WHEN place > 1 THEN 'filed again later with another figure: the later one counts'
            WHEN r.months IN ('6', '9') THEN 'since the year''s start: the statements are of quarters'
            WHEN b.account IS NULL THEN 'no whole statement for its period, or part of an item that is reported whole'
        END
    FROM ranked r
    LEFT JOIN raw.balances b
        ON b.unit = r.company AND b.account = r.goes_to AND b.month = CAST(r.month AS DATE)
)
SELECT reason, COUNT(*) AS source_rows
FROM left_out
WHERE reason IS NOT NULL
GROUP BY reason
