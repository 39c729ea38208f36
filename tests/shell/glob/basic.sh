touch a.txt b.txt c.md .hidden 'd e.txt'
echo *.txt
echo * 
echo .h*
echo [ab].txt [!ab]*.md ?.txt
echo "*.txt" \*.txt
echo nomatch*
x='*.txt'; echo $x "$x"
ls -1 *.txt | wc -l
