-- Materials as the list names them.
SELECT product, COALESCE(NULLIF(MIN(name), ''), product) AS name, 'material' AS kind
FROM MB51_items WHERE is_item
GROUP BY product
ORDER BY product
