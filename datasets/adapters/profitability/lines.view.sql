-- The rows of Fact.csv with an account in each row in place of a column. Debit is positive, so revenue turns its sign.
SELECT
    "Scenario Key" AS scenario,
    'bu-' || REGEXP_REPLACE("BU Key", '\.0$', '') AS unit,
    LEFT(YearPeriod, 4) || '-' || RIGHT(YearPeriod, 2) || '-01' AS month,
    "Product Key" AS product,
    account,
    CASE WHEN account IN ('Revenue', 'Subscription Revenue') THEN -1 ELSE 1 END * CAST(value AS DECIMAL(19, 4)) AS amount
FROM (
    UNPIVOT Fact
    ON "Revenue", "Subscription Revenue", "Material Costs", "Labor Costs Variable", "Cost Third Party",
       "Travel Expenses", "Rev for Exp Travel", "Taxes"
    INTO NAME account VALUE value
)
