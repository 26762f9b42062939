SELECT CASE
    WHEN COALESCE(TRIM(line), '') = '' OR REGEXP_FULL_MATCH(TRIM(line), '[-| ]+') THEN 'a rule or an empty line'
    WHEN REGEXP_MATCHES(line, '^[ |]*[*]+') THEN 'a subtotal or total'
    WHEN POSITION('|' IN line) = 0 THEN 'a line above the list'
    ELSE 'a line of headings' END AS reason
FROM items
WHERE list = 'MB51' AND is_item IS NOT TRUE
