-- KSB1, actual line items of cost centres, line by line: what stands between the bars, by its heading.
WITH lines AS (
    SELECT row_, file_, line, [trim(cell) for cell in string_split(line, '|')] AS cells FROM KSB1
),
-- The first line of a file that has the headings; where in it each field stands.
heads AS (
    SELECT l.file_, FIRST(l.cells ORDER BY l.row_) AS cells
    FROM lines l
    WHERE (SELECT COUNT(DISTINCT g.field) FROM headings g WHERE g.list = 'KSB1'
        AND g.field IN ('account', 'amount', 'posted') AND list_contains(l.cells, g.heading)) = 3
    GROUP BY l.file_
),
places AS (
    SELECT h.file_,
        FIRST(list_position(h.cells, g.heading)) FILTER (WHERE g.field = 'account') AS account,
        FIRST(list_position(h.cells, g.heading)) FILTER (WHERE g.field = 'name') AS name,
        FIRST(list_position(h.cells, g.heading)) FILTER (WHERE g.field = 'unit') AS unit,
        FIRST(list_position(h.cells, g.heading)) FILTER (WHERE g.field = 'amount') AS amount,
        FIRST(list_position(h.cells, g.heading)) FILTER (WHERE g.field = 'posted') AS posted
    FROM heads h JOIN headings g ON g.list = 'KSB1' AND list_contains(h.cells, g.heading)
    GROUP BY h.file_
),
-- A line item has an account (a material) and a date; what else is between bars is a heading or a subtotal.
items AS (
    SELECT l.row_, l.file_, l.line,
        l.cells[p.account] AS account,
        l.cells[p.name] AS name,
        l.cells[p.unit] AS unit,
        l.cells[p.amount] AS amount,
        l.cells[p.posted] AS posted,
        -- Of a file whose headings nobody knows every line stays in, and the check refuses it: nothing is lost.
        CASE WHEN p.file_ IS NULL THEN len(l.cells) > 1 AND NOT REGEXP_FULL_MATCH(l.line, '[-| ]+')
            ELSE REGEXP_MATCHES(l.cells[p.posted], '^[0-9]') END AS is_item
    FROM lines l LEFT JOIN places p ON p.file_ = l.file_
)
SELECT * FROM items
