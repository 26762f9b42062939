-- The company and its three sales organisations. An organisation that is not named here keeps its code as its name.
SELECT 'bestrun' AS unit, 'BestRun Bikes' AS name, NULL AS parent, 'company' AS kind, 'USD' AS currency
UNION ALL
SELECT DISTINCT
    LOWER(SALESORG),
    CASE SALESORG
        WHEN 'AMER' THEN 'Americas'
        WHEN 'EMEA' THEN 'Europe, Middle East and Africa'
        WHEN 'APJ' THEN 'Asia, Pacific and Japan'
        ELSE SALESORG
    END,
    'bestrun',
    'region',
    'USD'
FROM SalesOrders
