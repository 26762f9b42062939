-- The actual rows (scenario 1): an account is a column of Fact.csv, summed by business unit and month. These are
-- movements; the source has no balances. Debit is positive, so revenue turns its sign.
-- Customers and products: a balance has neither, so they are summed over (README).
-- source_rows: each row of the file holds all eight accounts; it is counted once, with Revenue.
WITH lines AS (
    UNPIVOT (SELECT * FROM Fact WHERE "Scenario Key" = '1')
    ON "Revenue", "Subscription Revenue", "Material Costs", "Labor Costs Variable", "Cost Third Party",
       "Travel Expenses", "Rev for Exp Travel", "Taxes"
    INTO NAME account VALUE value
)
SELECT
    account,
    'bu-' || REGEXP_REPLACE("BU Key", '\.0$', '') AS unit,
    LEFT(YearPeriod, 4) || '-' || RIGHT(YearPeriod, 2) || '-01' AS month,
    SUM(CASE WHEN account IN ('Revenue', 'Subscription Revenue') THEN -1 ELSE 1 END
        * CAST(value AS DECIMAL(19, 4))) AS flow,
    COUNT(*) FILTER (account = 'Revenue') AS source_rows
FROM lines
GROUP BY ALL
HAVING flow <> 0 OR account = 'Revenue'
ORDER BY account, unit, month
