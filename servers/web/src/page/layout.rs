//! Where the servers of the graph are: clients on the left, what they call on the right.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Sweeps that put the servers of a column beside those that they have links with.
const SWEEPS: usize = 12;

/// A server of the graph.
pub(crate) struct Node {
    pub(crate) name: String,
    /// Its column from the left.
    pub(crate) column: usize,
    /// Its place in the column, from the top.
    pub(crate) row: usize,
}

/// All servers and links.
#[derive(Default)]
pub(crate) struct Layout {
    pub(crate) nodes: Vec<Node>,
    /// Client and server, by the places of the nodes.
    pub(crate) links: Vec<(usize, usize)>,
    pub(crate) columns: usize,
    /// Servers in the longest column.
    pub(crate) rows: usize,
}

impl Layout {
    /// From links by name. A server is at the right of all its clients; where servers call each
    /// other in a circle, some link goes back.
    pub(crate) fn new(links: &[(String, String)]) -> Self {
        let mut names: Vec<&String> = links.iter().flat_map(|(a, b)| [a, b]).collect();
        names.sort();
        names.dedup();
        let place = |name: &String| names.binary_search(&name).ok();
        let links: Vec<(usize, usize)> =
            links.iter().filter_map(|(a, b)| Some((place(a)?, place(b)?))).collect();
        let depth = depths(names.len(), &links);
        let count = depth.iter().max().map_or(0, |most| most + 1);
        let mut columns = vec![Vec::new(); count];
        for (node, depth) in depth.iter().enumerate() {
            if let Some(column) = columns.get_mut(*depth) {
                column.push(node);
            }
        }
        order(&mut columns, &links, names.len());
        let mut nodes: Vec<Node> =
            names.iter().map(|name| Node { name: (*name).clone(), column: 0, row: 0 }).collect();
        for (number, column) in columns.iter().enumerate() {
            for (row, node) in column.iter().enumerate() {
                if let Some(node) = nodes.get_mut(*node) {
                    (node.column, node.row) = (number, row);
                }
            }
        }
        let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
        Self { nodes, links, columns: columns.len(), rows }
    }

    /// Servers in a column.
    pub(crate) fn height(&self, column: usize) -> usize {
        self.nodes.iter().filter(|node| node.column == column).count()
    }
}

/// The length of the longest way to each node.
fn depths(count: usize, links: &[(usize, usize)]) -> Vec<usize> {
    let mut depth = vec![0; count];
    // A way without a circle has fewer steps than there are nodes.
    for _ in 0..count {
        let mut changed = false;
        for (client, server) in links {
            let next = depth.get(*client).copied().unwrap_or(0) + 1;
            match depth.get_mut(*server) {
                Some(its) if *its < next && next < count => (*its, changed) = (next, true),
                _ => {}
            }
        }
        if !changed {
            break;
        }
    }
    depth
}

/// Orders each column by where the neighbours of its nodes are on average, in thousandths.
fn order(columns: &mut [Vec<usize>], links: &[(usize, usize)], count: usize) {
    let mut height = vec![500; count];
    for sweep in 0..SWEEPS {
        for number in 0..columns.len() {
            let at = if sweep % 2 == 0 { number } else { columns.len() - 1 - number };
            let Some(column) = columns.get_mut(at) else { continue };
            column.sort_by_key(|node| mean(*node, links, &height));
            let length = column.len();
            for (row, node) in column.iter().enumerate() {
                if let Some(its) = height.get_mut(*node) {
                    *its = (2 * row + 1) * 500 / length.max(1);
                }
            }
        }
    }
}

fn mean(node: usize, links: &[(usize, usize)], height: &[usize]) -> usize {
    let beside = links.iter().filter_map(|(client, server)| match (*client, *server) {
        (client, server) if client == node => height.get(server),
        (client, server) if server == node => height.get(client),
        _ => None,
    });
    let (sum, count) = beside.fold((0, 0), |(sum, count), it| (sum + it, count + 1));
    // One without neighbours stays in the middle.
    usize::checked_div(sum, count).unwrap_or(500)
}

#[cfg(test)]
mod tests {
    use super::Layout;

    fn layout(links: &[(&str, &str)]) -> Layout {
        let links: Vec<_> = links.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
        Layout::new(&links)
    }

    #[test]
    fn a_server_is_right_of_its_clients() {
        let it = layout(&[("shell", "net"), ("net", "card"), ("shell", "card"), ("web", "net")]);
        for (client, server) in &it.links {
            assert!(it.nodes[*client].column < it.nodes[*server].column);
        }
        assert_eq!((it.nodes.len(), it.columns, it.rows), (4, 3, 2));
        let mut places: Vec<_> = it.nodes.iter().map(|node| (node.column, node.row)).collect();
        places.sort();
        places.dedup();
        assert_eq!(places.len(), 4, "each has a place of its own");
    }

    #[test]
    fn circles_and_nothing_are_drawn_too() {
        let it = layout(&[("a", "b"), ("b", "c"), ("c", "a"), ("d", "d")]);
        assert_eq!(it.nodes.len(), 4);
        assert!(it.columns <= 4);
        assert_eq!(layout(&[]).nodes.len(), 0);
    }

    #[test]
    fn neighbours_lie_beside_each_other() {
        let it = layout(&[("a", "z"), ("b", "y"), ("c", "x")]);
        let row = |name: &str| it.nodes.iter().find(|node| node.name == name).unwrap().row;
        assert_eq!([row("a"), row("b"), row("c")], [row("z"), row("y"), row("x")]);
    }
}
