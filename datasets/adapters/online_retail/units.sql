-- The company, its home market, and one unit for each country abroad.
WITH countries AS (SELECT DISTINCT Country AS country FROM Lines)
SELECT 'online-retail' AS unit, 'Online Retail' AS name, NULL AS parent, 'company' AS kind, 'GBP' AS currency
UNION ALL
SELECT 'abroad', 'Abroad', 'online-retail', 'region', 'GBP'
UNION ALL
SELECT
    LOWER(REPLACE(country, ' ', '-')),
    CASE country WHEN 'EIRE' THEN 'Ireland' WHEN 'RSA' THEN 'South Africa' WHEN 'USA' THEN 'United States' ELSE country END,
    CASE country WHEN 'United Kingdom' THEN 'online-retail' ELSE 'abroad' END,
    'country',
    'GBP'
FROM countries
ORDER BY 1
