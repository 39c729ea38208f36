echo one
echo two
done
echo three
