echo "a:b:c" | awk -F: '{print $2}'; echo abc | sed 's/\(b\)/[\1]/'
