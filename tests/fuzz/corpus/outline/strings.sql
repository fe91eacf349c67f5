select 'a'
 'b', E'\'' '', U&'\0041' uescape '!', B'1''0', x'1f', n'x', $$a$$, $q$ $$ $q$