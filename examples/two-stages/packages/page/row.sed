# A line of cells with tabs between them becomes a row of a table.
s/&/\&amp;/g
s/</\&lt;/g
s/>/\&gt;/g
s/	/<\/td><td>/g
s/^/<tr><td>/
s/$/<\/td><\/tr>/
