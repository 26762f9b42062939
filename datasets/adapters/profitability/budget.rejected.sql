-- Rows of Fact.csv that are no budget: they are in the table balances. A scenario nobody knows is said so.
SELECT
    CASE WHEN "Scenario Key" = '1' THEN 'actual, not budget: in the table balances' ELSE 'unknown scenario' END AS reason,
    CAST("Material Costs" AS DECIMAL(19, 4)) + CAST("Labor Costs Variable" AS DECIMAL(19, 4))
        + CAST("Taxes" AS DECIMAL(19, 4)) + CAST("Rev for Exp Travel" AS DECIMAL(19, 4))
        + CAST("Travel Expenses" AS DECIMAL(19, 4)) + CAST("Cost Third Party" AS DECIMAL(19, 4))
        - CAST("Revenue" AS DECIMAL(19, 4)) - CAST("Subscription Revenue" AS DECIMAL(19, 4)) AS amount
FROM Fact
WHERE "Scenario Key" IS DISTINCT FROM '2'
