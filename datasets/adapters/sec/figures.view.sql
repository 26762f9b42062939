-- Each fact with the item of accounts.csv it is a figure of. "unfit" says why none can be; "place" is 1 for the one that
-- counts of those of an item and period: the tag that comes first in accounts.csv, as filed last.
WITH judged AS (
    SELECT
        c.company, m.account, COALESCE(NULLIF(m.into, ''), m.account) AS goes_to, CAST(m.priority AS INTEGER) AS priority,
        f.tag, f.filed, f.accession, f."end", CAST(f.month AS DATE) AS month, CAST(f.months AS INTEGER) AS months,
        DATE_DIFF('day', TRY_CAST(f.start AS DATE), TRY_CAST(f."end" AS DATE)) + 1 AS days,
        TRY_CAST(f.value AS DECIMAL(19, 4)) AS amount,
        CASE
            WHEN m.tag IS NULL THEN 'no item of accounts.csv'
            WHEN f.part IS NOT NULL THEN 'a part of the company, not the whole'
            WHEN f.unit IS DISTINCT FROM c.currency THEN 'not in the currency the company reports in'
            WHEN TRY_CAST(f.value AS DECIMAL(19, 4)) IS NULL THEN 'its value is no number'
            WHEN f.months IS NULL OR f.months NOT IN ('0', '3', '6', '9', '12')
                THEN 'its period is no quarter, half, nine months or year, or ends beside a month''s end'
        END AS unfit
    FROM facts f
    LEFT JOIN companies c ON c.cik = f.cik
    LEFT JOIN account_map m ON m.tag = f.tag
)
SELECT
    *,
    ROW_NUMBER() OVER figure AS place,
    FIRST_VALUE(tag) OVER figure AS best_tag,
    FIRST_VALUE(amount) OVER figure AS best_amount
FROM judged
WINDOW figure AS (
    -- What is unfit stands apart and takes nobody's place.
    PARTITION BY unfit, company, account, month, months
    ORDER BY priority, filed DESC, accession DESC, "end" DESC, days, amount
)
