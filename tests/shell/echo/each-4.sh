echo -en; echo "-e" a; echo -e '\u00e9 \U0001F600 \e[0m \101 \z \\ \"'
