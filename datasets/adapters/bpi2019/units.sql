-- The full log names four companies; this one names none.
SELECT 'company' AS unit, 'Coatings and paints' AS name, 'company' AS kind, 'EUR' AS currency
