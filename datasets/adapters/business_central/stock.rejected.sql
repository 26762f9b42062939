-- Time of machines and people has value entries, too, without an item.
SELECT 'no item' AS reason FROM ValueEntry WHERE COALESCE("Item No.", '') = ''
