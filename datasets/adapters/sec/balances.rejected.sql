-- The facts that no statement is made of, by reason: every fact is either used in balances.sql or counted here.
WITH left_out AS (
    SELECT unfit AS reason FROM figures WHERE unfit IS NOT NULL
    UNION ALL
    SELECT
        CASE
            WHEN place > 1 AND tag <> best_tag THEN 'another tag of the same item comes first'
            WHEN place > 1 AND amount = best_amount THEN 'filed again later with the same figure'
            WHEN place > 1 THEN 'filed again later with another figure: the later one counts'
            WHEN f.months IN (6, 9) THEN 'since the year''s start: the statements are of quarters'
            WHEN b.account IS NULL THEN 'no whole statement for its period, or part of an item that is reported whole'
        END
    FROM figures f
    LEFT JOIN raw.balances b
        ON b.unit = f.company AND b.account = f.goes_to AND b.month = f.month
    WHERE f.unfit IS NULL
)
SELECT reason, COUNT(*) AS source_rows
FROM left_out
WHERE reason IS NOT NULL
GROUP BY reason
