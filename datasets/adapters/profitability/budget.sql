-- The budgeted rows (scenario 2), by month as the source has them, with the product; otherwise as balances.sql.
WITH lines AS (
    UNPIVOT (SELECT * FROM Fact WHERE "Scenario Key" = '2')
    ON "Revenue", "Subscription Revenue", "Material Costs", "Labor Costs Variable", "Cost Third Party",
       "Travel Expenses", "Rev for Exp Travel", "Taxes"
    INTO NAME account VALUE value
)
SELECT
    'Budget' AS version,
    LEFT(YearPeriod, 4) || '-' || RIGHT(YearPeriod, 2) || '-01' AS month,
    'bu-' || REGEXP_REPLACE("BU Key", '\.0$', '') AS unit,
    account,
    "Product Key" AS product,
    SUM(CASE WHEN account IN ('Revenue', 'Subscription Revenue') THEN -1 ELSE 1 END
        * CAST(value AS DECIMAL(19, 4))) AS amount,
    COUNT(*) FILTER (account = 'Revenue') AS source_rows
FROM lines
GROUP BY ALL
HAVING amount <> 0 OR account = 'Revenue'
ORDER BY month, unit, account, product
