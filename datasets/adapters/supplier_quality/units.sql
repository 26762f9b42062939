-- The 24 plants. The short name is the town; names are kept as the source spells them ("Detriot", "Cincinati").
SELECT 'company' AS unit, 'All plants' AS name, NULL AS parent, 'company' AS kind, 'USD' AS currency
UNION ALL
SELECT REPLACE(REGEXP_REPLACE(LOWER(Plant), ',? [a-z]{2}$', ''), ' ', '-'), Plant, 'company', 'plant', 'USD'
FROM Plant
ORDER BY unit
