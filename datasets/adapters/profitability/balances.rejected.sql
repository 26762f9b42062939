-- Rows of Fact.csv that are no actual figures: they are in the table budget. A scenario nobody knows is said so.
SELECT
    CASE WHEN "Scenario Key" = '2' THEN 'budget, not actual: in the table budget' ELSE 'unknown scenario' END AS reason,
    CAST("Material Costs" AS DECIMAL(19, 4)) + CAST("Labor Costs Variable" AS DECIMAL(19, 4))
        + CAST("Taxes" AS DECIMAL(19, 4)) + CAST("Rev for Exp Travel" AS DECIMAL(19, 4))
        + CAST("Travel Expenses" AS DECIMAL(19, 4)) + CAST("Cost Third Party" AS DECIMAL(19, 4))
        - CAST("Revenue" AS DECIMAL(19, 4)) - CAST("Subscription Revenue" AS DECIMAL(19, 4)) AS amount
FROM Fact
WHERE "Scenario Key" IS DISTINCT FROM '1'
